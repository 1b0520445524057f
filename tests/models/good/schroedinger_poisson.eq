# A wave function in the potential of its own density, real and imaginary part; the mean density is balanced.
model schroedinger_poisson

space x in [0, 2*pi] periodic
grid x = 64
state a(x), b(x), phi(x)

let density = a^2 + b^2
dt(a) = -dxx(b)/2 + phi*b
dt(b) = dxx(a)/2 - phi*a
0 = dxx(phi) - density + mean(density) for phi

init a = 1 + 0.1*cos(x)
init b = 0
law norm = integral(density) constant
