# Growth that all lakes share, a loss and a response of each lake's own.
model environments "what is shared by all, and what is not"
time t: day
state algae: g/m^3 in [0, inf)
param r: 1/day = fit 0.5 in (0, 5)
param loss: 1/day per environment = fit 0.1 in (0, 2)
param yield per trajectory = fit 1 in (0, 10)
learned limit(algae) by mlp(8) with limit(0) = 0
learned own(algae) per environment by mlp(4) with own(0) = 0
learned season(algae, sin(2*pi*t/365)) adapts environment by mlp(4, context = 3, adapt = first)
dt(algae) = r*yield*algae - limit - own - loss*algae + season
