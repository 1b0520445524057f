# One law for all environments, which is wrong: the comparison.
model lotka_volterra_one_for_all "what a fit finds that does not tell environments apart"
state hare, lynx: 1 in (0, inf)
learned f(hare, lynx), g(hare, lynx) by mlp(16)
dt(hare) = f
dt(lynx) = g
