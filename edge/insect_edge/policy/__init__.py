"""When is an insect there?"""
