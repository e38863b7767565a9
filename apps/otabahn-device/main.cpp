// SPDX-License-Identifier: Apache-2.0
// otabahn-device: the first image (factory), the agent (run), what the state says (status). Exit codes: 0 done, 1 it failed,
// 2 wrong usage, a device.toml that cannot be taken among it.
#include "device/linux/agent.hpp"
#include "device/linux/config.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace {

constexpr int done = 0, failed = 1, wrong_usage = 2;

int say(const otabahn::Error& error, int code) {
    std::fprintf(stderr, "otabahn-device: %s\n", error.message.c_str());
    return code;
}

int run(int argc, char** argv) {
    CLI::App app{"otabahn-device: takes firmware updates as AWS IoT Jobs and Streams bring them, and never bricks"};
    app.require_subcommand(1);
    std::string config_file, image, version;
    const auto with_config = [&](CLI::App* command) {
        command->add_option("--config", config_file, "device.toml of this device")->required();
        return command;
    };
    CLI::App* factory = with_config(app.add_subcommand("factory", "put the first image into slot a; what the state held is gone"));
    factory->add_option("--image", image, "the image")->required();
    factory->add_option("--version", version, "its version")->required();
    CLI::App* agent = with_config(app.add_subcommand("run", "run the agent until SIGTERM"));
    CLI::App* status = with_config(app.add_subcommand("status", "print the state as JSON"));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : wrong_usage;
    }

    const auto config = otabahn::device::load_config(config_file);
    if (!config) return say(config.error(), wrong_usage);
    if (factory->parsed()) {
        const auto put = otabahn::device::install_factory_image(*config, image, version);
        if (!put) return say(put.error(), failed);
        std::printf("%s\n", put->c_str());
    } else if (status->parsed()) {
        const auto text = otabahn::device::describe_state(*config);
        if (!text) return say(text.error(), failed);
        std::printf("%s\n", text->c_str());
    } else if (agent->parsed()) {
        const auto ran = otabahn::device::run_agent(*config);
        if (!ran) return say(ran.error(), failed);
    }
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "otabahn-device: %s\n", error.what());
        return failed;
    }
}
