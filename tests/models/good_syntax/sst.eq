# Sea-surface temperature carried by a velocity that is read from past frames.
model sst
space x: km in [0, 512], y: km in [0, 512]
time  t: day
state T(x, y): K
input land(x, y)
param D: km^2/day = fit 5 in (0, 500)
learned w(history(T, 4)) -> vector: km/day by unet(32) with div(w) = 0
penalty smooth = 0.4*(dot(grad(w.x), grad(w.x)) + dot(grad(w.y), grad(w.y)))
dt(T) = -advect(w, T) + div(D*grad(T))
bc T = data at boundary
observe T = T*(1 - land) noise 0.3
scheme advect = semilagrangian
