"""What every door hands over, whatever it reads from: tables and columns by our names, words mapped, damage
found. The ground of `erp`: it imports nothing but the files beside the rooms.
"""
