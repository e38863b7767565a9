// SPDX-License-Identifier: Apache-2.0
#include "operator/commands.hpp"

#include "operator/deploy.hpp"
#include "operator/session.hpp"
#include "operator/signing.hpp"
#include "operator/thing.hpp"
#include "operator/watch.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

namespace otabahn::operator_tool {

namespace {

constexpr int done = 0, failed = 1, wrong_usage = 2;

void add_global_flags(CLI::App& command, GlobalFlags& flags) {
    command.add_option("--profile", flags.profile, "Profile of the AWS credentials and configuration files");
    command.add_option("--region", flags.region, "AWS region");
    command.add_option("--endpoint-url", flags.endpoint_url, "Talk to this URL instead of AWS");
    command.add_option("--output", flags.output, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
}

// Runs with a session of the command's own flags; a refusal goes to standard error, and is the exit code.
void on_run(CLI::App& command, int& outcome, const std::shared_ptr<GlobalFlags>& flags, std::function<Result<int>(Session&)> run) {
    add_global_flags(command, *flags);
    command.callback([&outcome, flags, run = std::move(run)] {
        auto session = Session::open(*flags);
        const auto ran = session ? run(*session) : Result<int>(Unexpected(session.error()));
        if (!ran) std::fprintf(stderr, "otabahn: %s\n", ran.error().message.c_str());
        outcome = ran ? *ran : ran.error().code == ErrorCode::invalid_request ? wrong_usage : failed;
    });
}

Result<int> exit_code(Result<void> outcome) {
    if (!outcome) return Unexpected(outcome.error());
    return done;
}

}  // namespace

void declare_commands(CLI::App& app, int& outcome) {
    auto* thing = app.add_subcommand("thing", "Things: devices as the cloud knows them");
    thing->require_subcommand(1);
    auto* thing_create =
        thing->add_subcommand("create", "Make a thing with its certificate and policy, and the bundle that its device runs with");
    auto create = std::make_shared<CreateThing>();
    thing_create->add_option("name", create->name, "Thing name")->required();
    thing_create->add_option("--group", create->group, "Thing group that it joins; made when missing");
    thing_create->add_option(
        "--trust", create->trust,
        "Code-signing certificate that the device accepts, PEM; may be repeated. Default: those of the active signing profiles");
    thing_create->add_option("--out", create->out, "Folder of the bundle. Default: NAME");
    on_run(*thing_create, outcome, std::make_shared<GlobalFlags>(),
           [create](Session& session) { return exit_code(create_thing(session, *create)); });

    auto* signing = app.add_subcommand("signing", "Code signing");
    signing->require_subcommand(1);
    auto* signing_create = signing->add_subcommand("create", "Make a key, its code-signing certificate in ACM, and a signing profile");
    auto profile_name = std::make_shared<std::string>();
    signing_create->add_option("name", *profile_name, "Name of the profile: 2 to 64 of a-z A-Z 0-9 _")->required();
    on_run(*signing_create, outcome, std::make_shared<GlobalFlags>(),
           [profile_name](Session& session) { return exit_code(create_signing(session, *profile_name)); });

    auto* deploy_command =
        app.add_subcommand("deploy", "Bring a firmware file to a thing or a group: upload, sign, stream, job; and follow it");
    auto wanted = std::make_shared<Deploy>();
    auto no_wait = std::make_shared<bool>(false);
    deploy_command->add_option("file", wanted->file, "The firmware image")->required();
    deploy_command->add_option("--to", wanted->to, "thing/NAME or thinggroup/NAME")->required();
    deploy_command->add_option("--version", wanted->version, "Version of the firmware, SemVer by preference")->required();
    deploy_command->add_option("--name", wanted->job, "Job id. Default: otabahn-UUID");
    deploy_command->add_option("--signing-profile", wanted->profile, "Signing profile. Default: the only active one");
    deploy_command->add_option("--bucket", wanted->bucket, "S3 bucket, with versioning. Default: otabahn-ACCOUNT-REGION");
    deploy_command->add_option("--role", wanted->role, "Role by which AWS IoT reads the bucket. Default: otabahn-stream");
    deploy_command->add_option("--product", wanted->product, "Only devices of this product take the release");
    deploy_command->add_option("--hardware", wanted->hardware, "Only devices of this hardware take it; may be repeated");
    deploy_command->add_option("--min-version", wanted->minimum_version, "Only devices that run at least this version take it");
    deploy_command->add_option("--param", wanted->parameters, "NAME=VALUE that reaches the device's hooks and program; may be repeated");
    deploy_command->add_flag("--no-wait", *no_wait, "Return once the job is made");
    on_run(*deploy_command, outcome, std::make_shared<GlobalFlags>(), [wanted, no_wait](Session& session) {
        wanted->wait = !*no_wait;
        return deploy(session, *wanted);
    });

    auto* watch_command = app.add_subcommand("watch", "Follow a job until it has ended");
    auto job = std::make_shared<std::string>();
    watch_command->add_option("job", *job, "Job id")->required();
    on_run(*watch_command, outcome, std::make_shared<GlobalFlags>(), [job](Session& session) { return watch(session, *job, {}); });
}

}  // namespace otabahn::operator_tool
