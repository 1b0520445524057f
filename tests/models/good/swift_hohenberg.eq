model swift_hohenberg
space x in [0, 40] periodic, y in [0, 40] periodic
state u(x, y)
param r = fit 0.2 in (-1, 1)
learned reaction(u) by mlp(32, 32) with odd(u)
dt(u) = r*u - u - 2*lap(u) - biharm(u) + reaction
