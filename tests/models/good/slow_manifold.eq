# A fast reaction in balance: the intermediate follows the others by a linear equation.
model slow_manifold

state s in [0, inf)
state c
param k1 = 2
param k2 = fit 0.5 in (0, 5)
param total = 1

dt(s) = -k1*(total - c)*s + k2*c
0 = k1*(total - c)*s - (k2 + 1)*c for c

init s = 1
