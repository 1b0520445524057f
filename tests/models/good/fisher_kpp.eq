model fisher_kpp
space x: km in [0, 100]
grid x = 200
time t: year
state n(x): 1 in [0, 1]
param D: km^2/year = fit 1 in (0, 10)
learned growth(n): 1/year by mlp(32, 32) with growth(0) = 0, growth(1) = 0
dt(n) = D*dxx(n) + growth
bc dn(n) = 0 at boundary
init n = ifelse(x < 10*one, 1, 0)
param one: km = 1
