state hare
hidden state lynx
hidden state fox
dt(hare) = hare - hare*lynx
dt(lynx) = hare*lynx - lynx
dt(fox) = -fox
init fox = data
