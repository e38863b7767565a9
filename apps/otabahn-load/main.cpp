// SPDX-License-Identifier: Apache-2.0
// otabahn-load: what can a machine carry? Exit codes: 0 done, 1 it failed, 2 wrong usage.
#include "apps/otabahn-load/blocks.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
    using namespace otabahn;
    CLI::App app("Load for otabahn serve, and for the peers that it is measured against.", "otabahn-load");
    app.require_subcommand(1);
    std::signal(SIGPIPE, SIG_IGN);
    int outcome = 0;
    const auto finish = [&outcome](const Result<void>& done) {
        if (done) return;
        std::fprintf(stderr, "otabahn-load: %s\n", done.error().message.c_str());
        outcome = 1;
    };

    load::FetchBlocks fetch;
    auto* blocks = app.add_subcommand("blocks", "Devices that fetch blocks of a stream; a bundle each");
    blocks->add_option("--bundle", fetch.bundles, "Bundle folder of a device; may be repeated")->required();
    blocks->add_option("--endpoint", fetch.endpoint, "HOST:PORT instead of the bundle's");
    blocks->add_option("--stream", fetch.stream, "Stream id")->required();
    blocks->add_option("--block-size", fetch.block_size, "Bytes of a block")->capture_default_str();
    blocks->add_option("--per-request", fetch.per_request, "Blocks of a request")->capture_default_str();
    blocks->add_option("--in-flight", fetch.in_flight, "Requests under way on a connection")->capture_default_str();
    blocks->add_option("--file-size", fetch.file_size, "Bytes of the stream's file 0")->required();
    blocks->add_option("--seconds", fetch.seconds, "How long it counts")->capture_default_str();
    blocks->callback([&] { finish(load::fetch_blocks(fetch)); });

    load::Respond answer;
    auto* responder = app.add_subcommand("respond", "Answer block requests through a plain broker");
    responder->add_option("--bundle", answer.bundle, "Bundle folder")->required();
    responder->add_option("--endpoint", answer.endpoint, "HOST:PORT instead of the bundle's");
    responder->callback([&] { finish(load::respond(answer)); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? 0 : 2;
    }
    return outcome;
}
