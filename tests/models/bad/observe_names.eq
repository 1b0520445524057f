space x in [0, 1]
state u(x), p(x), n
param k = 1
dt(u) = lap(u) - k*u
dt(n) = -n
0 = lap(p) - u for p
bc p = 0 at boundary
observe k = u
observe uu
observe u = integral(u)
observe n = u
observe p = 2*p
observe t = n
observe trajectory = n
observe nothing = k*x
observe far = sample(u, 2)
observe many = sample(u, 0.5, 0.5)
observe moving = sample(u, n)
observe none
