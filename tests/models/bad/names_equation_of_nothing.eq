state temperature
dt(temprature) = -1
dt(temperature) = 0
