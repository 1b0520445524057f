# Images carried by a velocity that is read from past frames.
model learned_velocity
space x in [0, 16] periodic, y in [0, 16] periodic
grid x = 16, y = 16
state c(x, y)
param D = fit 0.2 in (0, 5)
learned w(history(c, 3)) -> vector by unet(4) with div(w) = 0
penalty smooth = 0.004*(dot(grad(w.x), grad(w.x)) + dot(grad(w.y), grad(w.y)))
dt(c) = -dot(w, grad(c)) + D*lap(c)
