# The law is known, its contact rates are those of each environment.
model lotka_volterra_contact "contact rates of each environment"
state hare, lynx: 1 in (0, inf)
param a = fit 0.6 in (0, 3)
param c = fit 0.6 in (0, 3)
param b per environment = fit 0.6 in (0, 3)
param d per environment = fit 0.6 in (0, 3)
dt(hare) = a*hare - b*hare*lynx
dt(lynx) = d*hare*lynx - c*lynx
