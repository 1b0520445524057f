# The known model to compare with: Lotka and Volterra's product law.
model lotka_volterra "pelts of the Hudson's Bay Company, thousands a year"

time  t: year
state hare, lynx: 1 in (0, inf)
param alpha: 1/year = fit 0.5 in (0, 3)
param beta:  1/year = fit 0.025 in (0, 1)
param delta: 1/year = fit 0.8 in (0, 3)
param gamma: 1/year = fit 0.025 in (0, 1)

known predation = beta*hare*lynx

dt(hare) = alpha*hare - predation
dt(lynx) = gamma*hare*lynx - delta*lynx
