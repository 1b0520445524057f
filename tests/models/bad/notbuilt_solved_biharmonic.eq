space x in [0, 1]
state u(x), psi(x)
dt(u) = -dx(psi)
0 = biharm(psi) - u for psi
