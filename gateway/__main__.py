from gateway.cli.main import main

# Processes that validate documents import this file too.
if __name__ == "__main__":
    main()
