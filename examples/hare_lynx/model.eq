# Hare and lynx: growth and death are known laws, predation is not.
model hare_lynx "pelts of the Hudson's Bay Company, thousands a year"

time  t: year
state hare, lynx: 1 in (0, inf)
param alpha: 1/year = fit 0.5 in (0, 3)
param delta: 1/year = fit 0.8 in (0, 3)
param yield = fit 0.8 in (0, 5)

learned predation(hare, lynx) by mlp(8)
        with predation >= 0, predation(0, lynx) = 0, predation(hare, 0) = 0

dt(hare) = alpha*hare - predation
dt(lynx) = yield*predation - delta*lynx
