# Sea-surface temperature carried by a velocity that is learned from what is seen now; steps of a day cross cells.
model transport_sst
space x: km in [0, 512], y: km in [0, 512]
time  t: day
grid  x = 24, y = 24
state T(x, y): K
param D: km^2/day = fit 5 in (0, 500)
learned w(x, y) -> vector: km/day by mlp(16, 16)
penalty smooth = 0.4*(dot(grad(w.x), grad(w.x)) + dot(grad(w.y), grad(w.y)))
dt(T) = -advect(w, T) + div(D*grad(T))
observe T = T noise 0.3
scheme advect = semilagrangian
