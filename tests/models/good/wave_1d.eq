model wave_1d
space x in [0, 1]
grid x = 100
state w(x)
param c = fit 1 in (0, 5)
dtt(w) = c^2*dxx(w)
bc w = 0 at boundary
init w = sin(pi*x)
init dt(w) = 0
law energy = integral((dt(w)^2 + c^2*dx(w)^2)/2) constant
