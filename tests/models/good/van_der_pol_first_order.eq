model van_der_pol_first_order
state q, p
param mu = fit 1 in [0, 10]
dt(q) = p
dt(p) = mu*(1 - q^2)*p - q
