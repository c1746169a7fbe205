"""From photographs as they lie about to a clean, balanced and divided list of them: `insect-converter prepare`."""
