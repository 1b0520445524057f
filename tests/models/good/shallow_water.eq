# Shallow water seen through its surface only: the velocity is hidden.
model shallow_water
space x in [0, 2*pi] periodic
state h(x)
hidden state u(x)
learned force(u, dx(h), dx(u), dxx(u)) by mlp(32, 32)
learned encode(history(h, 4)) by conv(16, 16, kernel = 5)
dt(h) = -dx(h*u)
dt(u) = force
init u = encode
