// SPDX-License-Identifier: Apache-2.0
// otabahn-load: what can a machine carry? Exit codes: 0 done, 1 it failed, 2 wrong usage.
#include "apps/otabahn-load/blocks.hpp"
#include "apps/otabahn-load/bytes_load.hpp"
#include "apps/otabahn-load/connections.hpp"
#include "apps/otabahn-load/messages.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

namespace {

using namespace otabahn;

// What most loads take.
void add_target(CLI::App& command, std::string& bundle, std::string& endpoint) {
    command.add_option("--bundle", bundle, "Bundle folder whose certificate all connections show")->required();
    command.add_option("--endpoint", endpoint, "HOST:PORT instead of the bundle's");
}
void add_servers(CLI::App& command, std::vector<int>& servers) {
    command.add_option("--server", servers, "Process whose processor time is counted as the server's; may be repeated");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Load for otabahn serve, and for the peers that it is measured against. Each prints one line of JSON.", "otabahn-load");
    app.require_subcommand(1);
    std::signal(SIGPIPE, SIG_IGN);
    int outcome = 0;
    const auto finish = [&outcome](const Result<void>& done) {
        if (done) return;
        std::fprintf(stderr, "otabahn-load: %s\n", done.error().message.c_str());
        outcome = 1;
    };

    load::FetchBlocks fetch;
    auto* blocks = app.add_subcommand("blocks", "Devices that fetch blocks of a stream");
    add_target(*blocks, fetch.bundle, fetch.endpoint);
    add_servers(*blocks, fetch.servers);
    blocks->add_option("--stream", fetch.stream, "Stream id")->required();
    blocks->add_option("--devices", fetch.devices, "Connections, each as a device of its own")->capture_default_str();
    blocks->add_option("--block-size", fetch.block_size, "Bytes of a block")->capture_default_str();
    blocks->add_option("--per-request", fetch.per_request, "Blocks of a request")->capture_default_str();
    blocks->add_option("--in-flight", fetch.in_flight, "Requests under way on a connection")->capture_default_str();
    blocks->add_option("--file-size", fetch.file_size, "Bytes of the stream's file 0")->required();
    blocks->add_option("--seconds", fetch.seconds, "How long it counts")->capture_default_str();
    blocks->callback([&] { finish(load::fetch_blocks(fetch)); });

    load::Respond answer;
    auto* responder = app.add_subcommand("respond", "Answer block requests through a plain broker");
    add_target(*responder, answer.bundle, answer.endpoint);
    responder->callback([&] { finish(load::respond(answer)); });

    load::OpenConnections open;
    auto* connections = app.add_subcommand("connections", "Open many connections; then, if wanted, hand messages round among them");
    add_target(*connections, open.bundle, open.endpoint);
    add_servers(*connections, open.servers);
    connections->add_option("--connections", open.connections, "How many")->capture_default_str();
    connections->add_option("--at-once", open.at_once, "Handshakes under way")->capture_default_str();
    connections->add_option("--round-seconds", open.round_seconds, "How long messages go round")->capture_default_str();
    connections->add_option("--under-way", open.under_way, "Messages under way in the round")->capture_default_str();
    connections->callback([&] { finish(load::open_connections(open)); });

    load::PassMessages pass;
    auto* messages = app.add_subcommand("messages", "Small messages from publishers to subscribers");
    add_target(*messages, pass.bundle, pass.endpoint);
    add_servers(*messages, pass.servers);
    messages->add_option("--groups", pass.groups, "Publishers, each with a topic of its own")->capture_default_str();
    messages->add_option("--subscribers", pass.subscribers, "Subscribers of each topic")->capture_default_str();
    messages->add_option("--qos", pass.qos, "0 or 1")->check(CLI::Range(0, 1))->capture_default_str();
    messages->add_option("--payload-bytes", pass.payload_bytes, "Bytes of a message")->check(CLI::Range(0, 131072))->capture_default_str();
    messages->add_option("--under-way", pass.under_way, "Messages of a group that not all subscribers have")->capture_default_str();
    messages->add_option("--seconds", pass.seconds, "How long it counts")->capture_default_str();
    messages->callback([&] { finish(load::pass_messages(pass)); });

    load::GetFiles get;
    auto* files = app.add_subcommand("get", "GET one file over HTTPS again and again");
    add_servers(*files, get.servers);
    files->add_option("--endpoint", get.endpoint, "HOST:PORT")->required();
    files->add_option("--path", get.path, "/PATH")->required();
    files->add_option("--file-bytes", get.file_bytes, "What it has")->required();
    files->add_option("--connections", get.connections, "Connections, kept alive")->capture_default_str();
    files->add_option("--in-flight", get.in_flight, "Requests sent ahead on a connection")->capture_default_str();
    files->add_option("--seconds", get.seconds, "How long it counts")->capture_default_str();
    files->callback([&] { finish(load::get_files(get)); });

    load::Drain drained;
    auto* drain = app.add_subcommand("drain", "Read what a bare writer writes");
    add_servers(*drain, drained.servers);
    drain->add_option("--endpoint", drained.endpoint, "HOST:PORT")->required();
    drain->add_option("--connections", drained.connections, "Connections")->capture_default_str();
    drain->add_option("--seconds", drained.seconds, "How long it counts")->capture_default_str();
    drain->callback([&] { finish(load::drain(drained)); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? 0 : 2;
    }
    return outcome;
}
