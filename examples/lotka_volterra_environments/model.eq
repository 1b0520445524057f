# Nothing is known but what is shared: one law for all, and a small one of each environment's own.
model lotka_volterra_environments "shared and own dynamics of ten environments"
state hare, lynx: 1 in (0, inf)
learned f(hare, lynx), g(hare, lynx) by mlp(16)
learned own_f(hare, lynx), own_g(hare, lynx) per environment by mlp(8)
dt(hare) = f + own_f
dt(lynx) = g + own_g
