# Keller-Segel in its parabolic-elliptic form: cells climb the gradient of a signal that they send themselves.
model chemotaxis "the signal is in balance at every moment"

space x in [0, 1], y in [0, 1]
grid x = 24, y = 24
state n(x, y) in [0, inf)
state c(x, y)
param D = 0.05
param chi = fit 1 in (0, 10)
param decay = 4

dt(n) = div(D*grad(n)) - div(chi*n*grad(c))
0 = lap(c) - decay*c + n for c

init n = 1 + 0.2*cos(pi*x)*cos(pi*y)
law cells = integral(n) constant
