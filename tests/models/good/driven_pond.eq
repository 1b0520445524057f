# A pond warmed through a lid whose insulation is a map, with rain that is held from reading to reading.
model driven_pond
space x: m in [0, 1], y: m in [0, 1]
time t: h
grid x = 16 nodes, y = 16 nodes
input lid(x, y)
input rain(t): K/h hold
input air(t): K
state T(x, y): K
param k: m^2/h = fit 0.01 in (0, 1)
dt(T) = div(k*grad(T)) + lid*(air - T) - rain
bc T = data at x = 0
bc T = air at x = 1
