# A wave that follows its flow; steps may cross any number of cells.
model transport_followed_1d
space x in [0, 1]
grid x = 40
scheme advect = semilagrangian
state u(x)
dt(u) = -advect(1 + x, u) - 0.5*u
bc u = 1 at x = 0
init u = exp(-x)
