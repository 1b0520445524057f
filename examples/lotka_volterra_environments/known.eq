# The law is known, its rates of growth and death are those of each environment.
model lotka_volterra_known "rates of each environment, one contact rate for all"
state hare, lynx: 1 in (0, inf)
param a: 1 per environment = fit 0.6 in (0, 3)
param c: 1 per environment = fit 0.6 in (0, 3)
param b = fit 0.6 in (0, 3)
param d = fit 0.6 in (0, 3)
dt(hare) = a*hare - b*hare*lynx
dt(lynx) = d*hare*lynx - c*lynx
