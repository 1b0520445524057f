model observed_masked
space x in [0, 1] periodic, y in [0, 1] periodic
grid x = 8, y = 8
state T(x, y)
vector state w(x, y)
param land = fit 0.5 in (0, 1)
dt(T) = -advect(w, T)
dt(w) = lap(w)
init w = (1, 0)
observe T = T*(1 - land*x)
observe speed = norm(w)
observe slope = grad(T)
