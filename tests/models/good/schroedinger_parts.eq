# Linear Schroedinger equation by real and imaginary part, in a harmonic potential.
model schroedinger_parts
space x in [-10, 10]
grid x = 200
state a(x), b(x)
known V = x^2/2
dt(a) = -dxx(b)/2 + V*b
dt(b) = dxx(a)/2 - V*a
bc a = 0 at boundary
bc b = 0 at boundary
init a = exp(-(x - 1)^2/2)
init b = 0
law norm2 = integral(a^2 + b^2) constant
