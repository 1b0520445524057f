state x, y, z
param sigma, rho, beta = 10, 28, 8/3
dt(x) = sigma*(y - x)
dt(y) = x*(rho - z) - y
dt(z) = x*y - beta*z
