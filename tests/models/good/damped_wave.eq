# Damped wave, second order in time: the elastic term is known, the loss is not.
model damped_wave
space x in [0, 6.4], y in [0, 6.4]
state w(x, y)
param c = fit 300 in [100, 500]
scheme order = 4

known   elastic = c^2*lap(w)
learned loss(dt(w), w) by mlp(32, 32) with loss(0, 0) = 0
dtt(w) = elastic - loss

bc  dn(w) = 0 at boundary
law energy = integral((dt(w)^2 + c^2*dot(grad(w), grad(w)))/2) decreasing
