from gateway.cli.main import main

# Processes that judge documents read this file too.
if __name__ == "__main__":
    main()
