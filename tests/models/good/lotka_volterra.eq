# Hare and lynx: linear growth and death known, predation unknown.
model lotka_volterra
time  t: year
state hare, lynx: 1 in (0, inf)
param alpha: 1/year = fit 0.5 in (0, 5)
param delta: 1/year = fit 0.5 in (0, 5)
learned predation(hare, lynx) by mlp(16, 16, act = tanh)
        with predation >= 0, predation(0, lynx) = 0, predation(hare, 0) = 0
learned gain(hare, lynx) by mlp(16, 16, act = tanh)
dt(hare) = alpha*hare - predation
dt(lynx) = gain - delta*lynx
