"""Texts coming in: kept first, deleted or acknowledged after it, and never lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import StorageFull
from gateway.records import Encoding
from tests.modem.peer import ERROR, OK, Peer, info, octets
from tests.modem.stage import DELIVERED, SAYS_OK, SAYS_ONE, SAYS_TWO, on_stage, story

DIRECT = {
    "AT+CNMI=?": info("+CNMI: (0,3),(0,2),(0),(0,1),(0,1)"),  # as nRF91: mt=1 is not offered
    "AT+CSMS?": info("+CSMS: 1,1,1,1"),
}


async def swept(peer, stage):
    """The first sweep is over."""
    await stage.ready()
    await peer.until_told('AT+CPMS="SM"', 2)


@story
async def test_an_announced_text_is_fetched_by_its_index_kept_and_then_deleted():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        told = len(peer.told)
        peer.stores["SM"][7] = SAYS_OK
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await peer.until_told("AT+CMGD")
        assert peer.told[told:] == ["AT+CMGR=7", "AT+CMGD=7"]
        (part,) = stage.parts
        assert (part.text, part.sender, part.sender_type, part.raw) == ("OK", "+4917012345678", "international", SAYS_OK)
        assert (part.channel, part.sim, part.encoding) == ("p0", "8949293072227288805", Encoding.GSM7)
        assert part.service_time.isoformat() == "2026-11-21T20:03:04+01:00"


@story
async def test_a_text_is_not_deleted_before_it_is_kept():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        committed = asyncio.Event()
        asked = asyncio.Event()

        async def keeping():
            asked.set()
            await committed.wait()

        stage.keeping = keeping
        peer.stores["SM"][7] = SAYS_OK
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await asked.wait()
        await stage.send()  # the line is free meanwhile
        assert peer.count("AT+CMGD") == 0
        committed.set()
        await peer.until_told("AT+CMGD=7")


@story
async def test_a_text_that_could_not_be_kept_stays_on_the_sim_until_the_next_sweep():
    peer = Peer()
    async with on_stage(peer.device, sweep_s=0.1) as stage:
        await swept(peer, stage)
        refusals = []

        async def full_disk_once():
            if not refusals:
                refusals.append(1)
                raise StorageFull("no space left")

        stage.keeping = full_disk_once
        peer.stores["SM"][7] = SAYS_OK
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await peer.until(lambda: refusals)
        assert peer.stores["SM"] == {7: SAYS_OK}
        await peer.until_told("AT+CMGD=7")
        assert [part.text for part in stage.parts] == ["OK"]


@story
async def test_several_notices_are_answered_by_one_listing():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        told = len(peer.told)
        peer.stores["SM"] = {1: SAYS_ONE, 2: SAYS_TWO}
        peer.say(b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n')
        await peer.until_told("AT+CMGD", 2)
        assert peer.told[told:] == ["AT+CMGL=4", "AT+CMGD=1", "AT+CMGD=2"]
        assert [part.text for part in stage.parts] == ["one", "two"]


@pytest.mark.parametrize("notice", ['+CMTI: "SM",-1', "+CMTI: ,-1", '+CMTI: "SM"'])
@story
async def test_a_notice_without_an_index_means_look_yourself(notice):
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SM"][3] = SAYS_OK
        peer.say(f"\r\n{notice}\r\n".encode())
        await stage.until(lambda: stage.parts)


@story
async def test_the_storage_a_notice_names_is_the_one_that_is_read():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["ME"][0] = SAYS_OK
        peer.say(b'\r\n+CMTI: "ME",0\r\n')
        await stage.until(lambda: stage.parts)
        await peer.until_told("AT+CMGD=0")
        assert peer.stores["ME"] == {}


@story
async def test_a_text_that_lies_in_another_storage_than_announced_is_found():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["ME"][4] = SAYS_OK
        peer.say(b'\r\n+CMTI: "SM",4\r\n')
        await stage.until(lambda: stage.parts)


@story
async def test_a_lost_notification_costs_no_more_than_a_sweep():
    peer = Peer()
    async with on_stage(peer.device, sweep_s=0.1) as stage:
        await swept(peer, stage)
        peer.stores["SM"][3] = SAYS_OK
        await stage.until(lambda: stage.parts)
        await peer.until_told("AT+CMGD=3")


@story
async def test_what_arrived_while_nobody_listened_is_there_after_the_start():
    peer = Peer()
    peer.stores["SM"] = {1: SAYS_ONE}
    peer.stores["ME"] = {9: SAYS_TWO}
    async with on_stage(peer.device) as stage:
        await stage.until(lambda: len(stage.parts) == 2)
        await peer.until_told("AT+CMGD", 2)
        assert not any(peer.stores.values())


@story
async def test_a_full_store_is_emptied_when_huawei_says_so():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SM"] = dict.fromkeys(range(20), SAYS_OK)
        peer.say(b'\r\n^SMMEMFULL:"SM"\r\n')
        await peer.until(lambda: not peer.stores["SM"])
        assert len(stage.parts) == 20


@story
async def test_two_equal_texts_are_two_texts():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        for _ in range(2):
            peer.stores["SM"][1] = SAYS_OK
            peer.say(b'\r\n+CMTI: "SM",1\r\n')
            await peer.until(lambda: not peer.stores["SM"])
        assert [part.text for part in stage.parts] == ["OK", "OK"]


@story
async def test_a_refused_deletion_is_tried_again_without_keeping_the_text_twice():
    refuse = [ERROR]
    peer = Peer()
    peer.script["AT+CMGD="] = lambda line: refuse.pop() if refuse else peer._cmgd(line.partition("=")[2])
    async with on_stage(peer.device, sweep_s=0.1) as stage:
        await swept(peer, stage)
        peer.stores["SM"][1] = SAYS_OK
        peer.say(b'\r\n+CMTI: "SM",1\r\n')
        await peer.until_told("AT+CMGD=1", 2)
        assert len(stage.parts) == 1


@story
async def test_own_drafts_and_dummy_records_are_left_alone():
    draft = "0011000D91947110325476F80000AA05E8329BFD06"
    peer = Peer()
    peer.stores["SM"] = {1: draft, 2: "00" + "FF" * 30, 3: SAYS_OK}
    async with on_stage(peer.device) as stage:
        await stage.until(lambda: stage.parts)
        await peer.until_told("AT+CMGD=3")
        assert peer.stores["SM"].keys() == {1, 2}
        assert len(stage.parts) == 1


@pytest.mark.parametrize("raw", ["0BD0p2608>381p=*70p2616p16000AD0D770BB5D07", "0003030303", "0791947106004034"])
@story
async def test_what_cannot_be_decoded_is_kept_with_its_flaws(raw):
    peer = Peer()
    peer.stores["SM"] = {1: raw}
    async with on_stage(peer.device) as stage:
        await stage.until(lambda: stage.parts)
        assert stage.parts[0].raw == raw and stage.parts[0].flaws
        await peer.until_told("AT+CMGD=1")


@story
async def test_a_reading_that_lost_bytes_on_the_line_is_read_again_before_it_is_kept_and_deleted():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SM"][7] = SAYS_OK
        readings = (SAYS_OK[:-2], SAYS_OK[:30] + SAYS_OK[32:], SAYS_OK)
        answers = [info("+CMGR: 0,,22", reading) for reading in readings]
        peer.script["AT+CMGR="] = lambda _: answers.pop(0)
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await peer.until_told("AT+CMGD=7")
        assert [(part.raw, part.flaws) for part in stage.parts] == [(SAYS_OK, ())]


@story
async def test_a_text_that_never_reads_twice_alike_stays_on_the_sim():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SM"][7] = SAYS_OK
        cuts = iter(range(8, 60, 2))
        peer.script["AT+CMGR="] = lambda _: info("+CMGR: 0,,22", SAYS_OK[: next(cuts)])
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await peer.until_told("AT+CMGR=7", 4)
        peer.script["AT+CMGR="] = lambda _: info("+CMGR: 0,,22", SAYS_OK)
        peer.say(b'\r\n+CMTI: "SM",7\r\n')
        await peer.until_told("AT+CMGD=7")
        assert [part.raw for part in stage.parts] == [SAYS_OK]


@story
async def test_a_listing_whose_indexes_do_not_rise_is_read_again_before_anything_is_deleted_by_it():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SM"] = {3: SAYS_ONE, 13: SAYS_TWO}
        spoilt = info("+CMGL: 3,0,,22", SAYS_ONE, "+CMGL: 3,0,,22", SAYS_TWO)
        sound = info(f"+CMGL: 3,0,,{octets(SAYS_ONE)}", SAYS_ONE, f"+CMGL: 13,0,,{octets(SAYS_TWO)}", SAYS_TWO)
        listings = [spoilt, sound]
        peer.script["AT+CMGL="] = lambda _: listings.pop(0) if listings else OK
        peer.say(b'\r\n+CMTI: "SM",3\r\n\r\n+CMTI: "SM",13\r\n')
        await peer.until_told("AT+CMGD=13")
        assert [part.text for part in stage.parts] == ["one", "two"]


# -- reports


@story
async def test_a_routed_report_is_kept():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.say(f"\r\n+CDS: 26\r\n{DELIVERED}\r\n".encode())
        await stage.until(lambda: stage.reports)
        (report,) = stage.reports
        assert (report.reference, report.recipient, report.status) == (1, "+4917012345678", 0)
        assert peer.count("AT+CNMA") == 0  # the modem acknowledges itself (CSMS=0)


@story
async def test_a_stored_report_is_kept_and_deleted():
    peer = Peer({"AT+CPMS=?": info('+CPMS: ("SM","SR"),("SM"),("SM")')})
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SR"][1] = DELIVERED
        peer.say(b'\r\n+CDSI: "SR",1\r\n')
        await stage.until(lambda: stage.reports)
        await peer.until(lambda: not peer.stores["SR"])


@story
async def test_a_report_announced_in_the_wrong_storage_is_found():
    peer = Peer({"AT+CPMS=?": info('+CPMS: ("SM","SR"),("SM"),("SM")')})
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.stores["SR"][0] = DELIVERED
        peer.say(b'\r\n+CDSI: "SM",0\r\n')  # as EC25 does
        await stage.until(lambda: stage.reports)


@story
async def test_a_report_among_the_texts_is_a_report():
    peer = Peer()
    peer.stores["SM"] = {1: DELIVERED}
    async with on_stage(peer.device) as stage:
        await stage.until(lambda: stage.reports)
        await peer.until_told("AT+CMGD=1")


WITHOUT_CENTRE = "0006010D91947110325476F8621112023040406211120230404000"


@pytest.mark.parametrize("stored", ["000000FF" + WITHOUT_CENTRE, "000000FF00" + DELIVERED])
@story
async def test_a_report_behind_the_filling_of_wavecom_is_read(stored):
    peer = Peer({"AT+CGMI": info("WAVECOM MODEM"), "AT+CGMM": info("MULTIBAND  900E  1800")})
    peer.stores["SM"] = {1: stored}
    async with on_stage(peer.device) as stage:
        await stage.until(lambda: stage.reports)
        assert stage.reports[0].reference == 1


# -- direct delivery


@story
async def test_a_direct_text_is_acknowledged_after_it_is_kept_and_not_before():
    peer = Peer(DIRECT)
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        committed, asked = asyncio.Event(), asyncio.Event()

        async def keeping():
            asked.set()
            await committed.wait()

        stage.keeping = keeping
        peer.say(f"\r\n+CMT: ,22\r\n{SAYS_OK}\r\n".encode())
        await asked.wait()
        await stage.send()
        assert peer.count("AT+CNMA") == 0
        committed.set()
        await peer.until_told("AT+CNMA")


@story
async def test_a_direct_text_that_cannot_be_kept_is_not_acknowledged_but_tried_again():
    peer = Peer(DIRECT)
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        tries = []

        async def full_disk_twice():
            tries.append(peer.count("AT+CNMA"))
            if len(tries) < 3:
                raise StorageFull("no space left")

        stage.keeping = full_disk_twice
        peer.say(f"\r\n+CMT: ,22\r\n{SAYS_OK}\r\n".encode())
        await peer.until_told("AT+CNMA")
        assert tries == [0, 0, 0]


@story
async def test_a_flash_text_that_comes_unstored_is_kept_without_acknowledgement():
    flash = "0791947106004034040D91947110325476F800106211120230404002CF25"
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await swept(peer, stage)
        peer.say(f"\r\n+CMT: ,22\r\n{flash}\r\n".encode())
        await stage.until(lambda: stage.parts)
        assert stage.parts[0].message_class == 0
        await stage.send()
        assert peer.count("AT+CNMA") == 0


# -- routing


@story
async def test_a_report_routing_that_sim800_refuses_is_not_insisted_on():
    def cnmi(line):
        return b"\r\n+CMS ERROR: 303\r\n" if line.split(",")[3] != "1" else peer._cnmi(line.partition("=")[2])

    peer = Peer({"AT+CGMI": info("SIMCOM_Ltd"), "AT+CGMM": info("SIMCOM_SIM800L"), "AT+CNMI=": cnmi})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer._routing == "2,1,0,1,0"


@story
async def test_reports_go_to_the_storage_where_routing_them_is_advertised_but_refused():
    def cnmi(line):  # as many Qualcomm parts
        return ERROR if line.split(",")[3] == "1" else peer._cnmi(line.partition("=")[2])

    peer = Peer({"AT+CNMI=": cnmi})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer._routing == "2,1,0,2,0"


@story
async def test_a_routing_that_is_accepted_but_not_in_force_is_not_believed():
    def cnmi(line):
        peer._routing = line.partition("=")[2].replace(",1,0", ",0,0") if ",0,1," in line else line.partition("=")[2]
        return OK

    peer = Peer({"AT+CNMI=": cnmi})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer._routing == "2,1,0,2,0"


@story
async def test_cinterion_gets_the_only_buffer_setting_it_takes():
    peer = Peer({"AT+CNMI=?": info("+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)")})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer._routing == "2,1,0,2,1"


@story
async def test_a_modem_that_refuses_every_routing_is_swept():
    peer = Peer({"AT+CNMI=?": ERROR, "AT+CNMI=": ERROR})
    async with on_stage(peer.device, sweep_s=0.1) as stage:
        await swept(peer, stage)
        peer.stores["SM"][3] = SAYS_OK
        await stage.until(lambda: stage.parts)


@story
async def test_a_routing_that_was_cleared_behind_our_back_is_set_again():
    peer = Peer()
    async with on_stage(peer.device, sweep_s=0.1) as stage:
        await swept(peer, stage)
        peer._routing = "2,0,0,0,0"  # a missed acknowledgement, or another program
        await peer.until_told("AT+CNMI=2,1,0,1,0", 2)
