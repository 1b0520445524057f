# Heat in a plate, points on the walls, walls held at a value that changes in time.
model heat_nodes
space x in [0, 1], y in [0, 1]
grid x = 33 nodes, y = 33 nodes
time t
state u(x, y)
param k = 0.1
dt(u) = k*lap(u)
bc u = sin(2*pi*t) at x = 0
bc u = 0 at x = 1
bc dn(u) = 0 at y = 0, y = 1
init u = 0
