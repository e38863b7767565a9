// SPDX-License-Identifier: Apache-2.0
// otabahn: `serve` is the cloud side; the other commands are the operator's tool. Exit codes: 0 done, 1 it failed, 2 wrong
// usage, 130 interrupted.
#include "apps/otabahn/cloud.hpp"
#include "apps/otabahn/data_folder.hpp"
#include "apps/otabahn/serve_settings.hpp"
#include "operator/commands.hpp"
#include "runtime/log.hpp"

#include <CLI/CLI.hpp>

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace {

using namespace otabahn;

constexpr int done = 0, failed = 1, wrong_usage = 2;

int refuse(const Error& error) {
    std::fprintf(stderr, "otabahn: %s\n", error.message.c_str());
    return failed;
}

// Each connected device holds a descriptor; the soft limit of a login shell, 1024, is there for programs that use select().
void take_all_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        spdlog::warn("the limit of open files stays at {}: more connections than that are not taken", before);
}

int serve(const CLI::App& command, program::ServeSettings settings) {
    if (auto read = program::read_config(command, settings); !read) {
        std::fprintf(stderr, "otabahn: %s\n", read.error().message.c_str());
        return wrong_usage;
    }
    runtime::start_log("otabahn", settings.log_level);
    take_all_descriptors();
    // Every thread that starts below inherits the mask; the main thread alone takes the signals.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int taken : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, taken);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    program::Cloud cloud(std::move(settings));
    if (auto started = cloud.start(); !started) return refuse(started.error());
    std::printf("%s\n", cloud.ready_line().c_str());
    std::fflush(stdout);
    int signal = 0;
    for (sigwait(&signals, &signal); signal == SIGHUP; sigwait(&signals, &signal)) {
        spdlog::info("reloading signal={}", signal);
        cloud.reload();
    }
    spdlog::info("stopping signal={}", signal);
    cloud.stop();
    return done;
}

int run(int argc, char** argv) {
    CLI::App app("otabahn brings firmware to IoT devices the way AWS IoT does.", "otabahn");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of every command");
    int outcome = done;

    program::ServeSettings settings;
    auto* serve_command =
        app.add_subcommand("serve", "Run the cloud side: S3, ACM, IAM, Signer, IoT, Jobs, Streams and the device gateway");
    program::declare_flags(*serve_command, settings);
    serve_command->callback([&] { outcome = serve(*serve_command, settings); });

    std::string data = settings.data;
    auto* env_command = app.add_subcommand("env", "Print shell exports for a local server: eval \"$(otabahn env)\"");
    env_command->add_option("--data", data, "The server's data folder")->capture_default_str();
    env_command->callback([&] {
        auto exports = program::shell_exports(data);
        if (!exports) {
            outcome = refuse(exports.error());
            return;
        }
        std::fputs(exports->c_str(), stdout);
    });

    auto* compatibility_command = app.add_subcommand("compatibility", "Print which AWS operations this server answers, as Markdown");
    compatibility_command->callback([&] {
        auto table = program::Cloud::compatibility_markdown();
        if (!table) {
            outcome = refuse(table.error());
            return;
        }
        std::fputs(table->c_str(), stdout);
    });

    operator_tool::declare_commands(app, outcome);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? done : wrong_usage;
    }
    return outcome;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& bug) {
        std::fprintf(stderr, "otabahn: this is a bug, please report it: %s\n", bug.what());
        return failed;
    }
}
