"""insect-edge: watches for insects with a Raspberry Pi camera and tells the world over MQTT."""

__version__ = "0.1.0"
