# The complete model that makes the data of this example.
model damped_wave_truth

space x: m in [0, 64], y: m in [0, 64]
grid  x = 64, y = 64
time  t: s
state w(x, y)
param c: m/s = 330
param k: 1/s = 50

dtt(w) = c^2*lap(w) - k*dt(w)

bc  dn(w) = 0 at boundary
