# A rod seen through two sensors and its heat content; how it starts is a formula with a fitted height.
model observed_sensors
space x: m in [0, 1]
time t: s
grid x = 16
state T(x): K
param a: m^2/s = fit 0.05 in (0, 1)
param height: K = fit 1
dt(T) = a*dxx(T)
bc T = 0 at x = 0
init T = height*sin(pi*x/2)
observe left = sample(T, 0.2) noise 0.02
observe right = sample(T, 0.95) noise fit
observe heat = integral(T) "over the rod"
