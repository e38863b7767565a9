// SPDX-License-Identifier: Apache-2.0
// otabahn-device: the first image (factory), the agent (run), what the state says (status), a word to the agent (tell), the
// watch over boots (guard). Exit codes: 0 done, 1 it failed,
// 2 wrong usage, a device.toml that cannot be taken among it.
#include "device/host/control_socket.hpp"
#include "device/linux/agent.hpp"
#include "device/linux/config.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <optional>
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
    std::string config_file, image, version, slot, word, why;
    const auto with_config = [&](CLI::App* command) {
        command->add_option("--config", config_file, "device.toml of this device")->required();
        return command;
    };
    CLI::App* factory = with_config(app.add_subcommand("factory", "put the first image into slot a; what the state held is gone"));
    factory->add_option("--image", image, "the image")->required();
    factory->add_option("--version", version, "its version")->required();
    factory->add_option("--slot", slot, "a or b: what the machine runs, where the agent does not put it there itself")
        ->check(CLI::IsMember({"a", "b"}));
    CLI::App* guard = with_config(app.add_subcommand("guard", "run at each boot before the agent: leaves an image whose trial has no end"));
    CLI::App* tell = with_config(app.add_subcommand("tell", "say something to the agent that runs"));
    tell->add_option("word", word, "healthy, unhealthy (the trial's outcome); allow, decline (a download that waits)")
        ->required()
        ->check(CLI::IsMember({"healthy", "unhealthy", "allow", "decline"}));
    tell->add_option("why", why, "for unhealthy and decline");
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
        const auto put = otabahn::device::install_factory_image(
            *config, image, version, slot.empty() ? std::nullopt : std::optional<std::uint8_t>(slot == "b"));
        if (!put) return say(put.error(), failed);
        std::printf("%s\n", put->c_str());
    } else if (status->parsed()) {
        const auto text = otabahn::device::describe_state(*config);
        if (!text) return say(text.error(), failed);
        std::printf("%s\n", text->c_str());
    } else if (guard->parsed()) {
        const auto done_so = otabahn::device::guard_boots(*config);
        if (!done_so) return say(done_so.error(), failed);
        std::printf("%s\n", done_so->c_str());
    } else if (tell->parsed()) {
        const auto answer = otabahn::device::ask_agent(config->socket, why.empty() ? word : word + " " + why);
        if (!answer) return say(answer.error(), failed);
        if (answer->starts_with("error: ")) {
            std::fprintf(stderr, "otabahn-device: %s\n", answer->c_str() + 7);
            return failed;
        }
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
