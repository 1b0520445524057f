# One network for all environments, whose weights follow two numbers of each.
model lotka_volterra_context "what environments have in common is a plane of weights"
state hare, lynx: 1 in (0, inf)
learned f(hare, lynx), g(hare, lynx) adapts environment by mlp(16, 16, context = 2)
dt(hare) = f
dt(lynx) = g
