state u
state v
learned a(u, v) with increasing(u), decreasing(u)
learned b(u, v) with even(u), increasing(u)
learned c(u, v) with odd(v), increasing(u)
learned m(u, v) with increasing(v), m(0, v) = 0
learned e(u) with increasing(u), e(0) = 0, e(1) = 1
learned f(u) with increasing(u), f >= 0, f(0) = 0
learned g(u) by mlp(8, act = sin) with increasing(u)
learned h(u) with increasing(v)
learned k(u) with increasing(u), odd(u), k(1) = 1
dt(u) = a + b + c + m + e + f
dt(v) = g + h + k
