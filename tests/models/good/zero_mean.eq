# A redistribution: what one place loses another one gains. With an even input, and monotone; and a vector.
space x in [0, 1], y in [0, 1]
grid x = 8 nodes, y = 8
state u(x, y), v(x, y)
learned f(u, v) by mlp(8) with mean(f) = 0, even(v), increasing(u)
learned w(u) -> vector by conv(4) with mean(w.x) = 0
dt(u) = f + 0.1*lap(u) + dot(w, w)
dt(v) = -v + 0*u*w.x
law total = integral(u) constant
