state hare
hidden state lynx
dt(hare) = hare - hare*lynx
dt(lynx) = hare*lynx - lynx
init lynx = fit 3 in (0, 2)
