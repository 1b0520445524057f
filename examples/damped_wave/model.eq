# Damped wave, second order in time: the elastic term is known, the loss is not.
# data: loss = k dt(w) with c = 330, k = 50
model damped_wave "membrane with an unknown loss"

space x: m in [0, 64], y: m in [0, 64]
grid  x = 64, y = 64
time  t: s
state w(x, y)
param c: m/s = fit 300 in [100, 500]

known   elastic = c^2*lap(w)
learned loss(dt(w)) by mlp(16, 16) with loss(0) = 0

dtt(w) = elastic - loss

bc  dn(w) = 0 at boundary
law energy = integral((dt(w)^2 + c^2*dot(grad(w), grad(w)))/2) decreasing
