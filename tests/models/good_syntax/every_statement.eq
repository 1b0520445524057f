# One of everything the grammar knows, built or not.
model everything "one of each"
import "parts.eq" as p
import "more.eq"
space x: m in [0, 2*pi] periodic, y: km in (-inf, inf), z
time t: s in [0, 10]
grid x = 64 nodes, y = 2*32 cells, z = 8
scheme order = 4, dx = upwind(3), advect = semilagrangian
state u(x, y), v(x, y): K in [0, inf)
hidden state h(x): m/s^2 "not seen"
vector state w(x, y): m/s
hidden complex state psi(x) per trajectory
param k: 1/s = 0.3
param free = fit
param start = fit 0.3
param bounded = fit in (0, 2)
param both: kg*m^2/(s^2*K) = fit 0.3 in (0, 2) ~ lognormal(-1, 0.5) "prior"
param each per trajectory = fit 1
param other per environment: 1/day = fit 1
param last: 1/day per environment = fit 1
param D(x, y) = fit 1
param nothing
input q(t): W linear
input land(x, y)
input f(t) per trajectory: m/s^-2 hold "forcing"
known a = -k*u + inf
let b = (u, v)
learned g(u)
learned f1(u, dx(u)) -> vector: m/s by mlp(64, 64, act = tanh) with f1(0, 0) = 0, f1 >= 0, odd(u)
learned Ru(u, v), Rv(u, v) -> 2 by mlp with Ru in [0, 1), increasing(u), div(w) = 0, mean(Ru) = 0
learned per_one(u) per environment by hamiltonian(mlp(64))
learned adapted(u) adapts environment by module("package:Class", width = 32) "text"
learned past(history(u, 4)) -> scalar by stencil(5, order = 1)
dt(u) = -u
dtt(v) = dt(v)*∂u/∂t
dttt(h) = 0
du/dt = u
d2u/dt2 = u
d²u / dt² = u
∂u/∂t = u.x
∂²u/∂t² = +u - -u*-1^-2
0 = lap(p) - q for p
bc u = 0 at x = 0, boundary
bc dn(u) + k*(u - 1) = sin(t) at y = 2*pi
bc u = data at boundary
init u = exp(-x^2)
init v = data
init dt(v) = fit in [-1, 1]
init h = fit
init w = fit 0 in (0, 1]
init psi = encode
observe u
observe y1 = u*(1 - land) noise 0.1 "seen"
observe y2 = u noise fit
law energy = integral(u^2) decreasing
law mass = mean(u) constant
law entropy = mean(u) increasing
penalty smooth = 0.4*dot(grad(w), grad(w))
when u > 1: u = 0, v = v + 1
dt(u) = delay(u, tau) + noise() + sample(land, x)
